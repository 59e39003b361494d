//! What the fuzz targets check is what the mutation test checks: its code is here by path, not by copy.

#[path = "../../tests/mutations/case.rs"]
pub mod case;
#[path = "../../tests/mutations/check.rs"]
pub mod check;
