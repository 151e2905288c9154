"""API descriptions in other forms, made one document of OpenAPI 3."""
