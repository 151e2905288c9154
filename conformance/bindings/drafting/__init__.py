"""A first binding, drafted from an OpenAPI document or from answers to a few questions."""
