//! The step definitions, by subject. They say what is checked; clients, scene and targets know how.
