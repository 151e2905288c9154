"""Duties of app stores: verification at listing, orders, and the management of listings."""
