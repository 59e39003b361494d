//! What a box is, and why it gives no region.

/// What the source says of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// One object.
    Object = 0,
    Crowd = 1,
    Group = 2,
    Depiction = 3,
    /// Of a phrase or a relation: it has a place, but never becomes a region.
    Part = 4,
    /// The annotation could not be used; its place is not looked at.
    Lost = 5,
}

impl Kind {
    /// The kind of a number, as Python hands it over.
    #[must_use]
    pub const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Object,
            1 => Self::Crowd,
            2 => Self::Group,
            3 => Self::Depiction,
            4 => Self::Part,
            5 => Self::Lost,
            _ => return None,
        })
    }
}

/// Why a box is no region; `mmgic.schema.records.DropCause` has the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    None = 0,
    Degenerate = 1,
    OutsidePicture = 2,
    OutsideMainCrop = 3,
    Crowd = 4,
    Group = 5,
    Depiction = 6,
    TooSmallPx = 7,
    TooSmallArea = 8,
    TooLarge = 9,
    Duplicate = 10,
    OverLabelLimit = 11,
    OverRegionLimit = 12,
}

impl Cause {
    /// The names by number.
    pub const NAMES: [&'static str; 13] = [
        "",
        "degenerate",
        "outside_picture",
        "outside_main_crop",
        "crowd",
        "group",
        "depiction",
        "too_small_px",
        "too_small_area",
        "too_large",
        "duplicate",
        "over_label_limit",
        "over_region_limit",
    ];
}
