"""The builder of the documentation: pages from code and schemas, the pages of ``docs/``, and one site of them."""
