//! What the model says of small worlds.
