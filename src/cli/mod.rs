//! Wing.
