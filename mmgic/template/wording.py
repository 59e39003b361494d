"""The fixed words around the concepts. The paper's own wording is not public; this is ours, one line a concept.

<picture>
Caption: A red circle beside a small blue square.
Labels:
red circle
blue square
Descriptions:
red circle: A filled round disc, as red as a ripe tomato.
Regions:
red circle: <picture>
Boxes:
red circle<loc_120><loc_88><loc_640><loc_702>
"""

CAPTION = "Caption: "
LABELS = "Labels:\n"
DESCRIPTIONS = "Descriptions:\n"
REGIONS = "Regions:\n"
BOXES = "Boxes:\n"
OF = ": "
END = "\n"
