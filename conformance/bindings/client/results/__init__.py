"""How a response becomes a result: accepted, refused or unusable; polled and paged where needed."""
