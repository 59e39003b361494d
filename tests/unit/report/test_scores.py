from mmgic.report.scores import score_lines


def test_the_table_names_every_score() -> None:
    row = {"accuracy": 0.7, "low": 0.65, "high": 0.75, "count": 400, "wrong_picture_accuracy": 0.5}
    metrics = {
        "records": 200,
        "split": "val",
        "loss": {"caption": 1.25, "visual": 2.5},
        "label_choice": {**row, "by_source": {"scenes": row}},
        "captions": {"cider": 0.9, "count": 64},
    }
    lines = score_lines(metrics)
    text = "\n".join(lines)
    assert "scenes                        70.0%   65.0% - 75.0%       400          50.0%" in text
    assert "caption                       1.250" in text
    assert "CIDEr         0.900   on 64" in text
    assert max(map(len, lines)) <= 80
