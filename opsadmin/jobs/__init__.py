"""Work that takes long: in the background, with progress, and stopped when somebody wants it."""
