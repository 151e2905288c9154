"""Formats that are met less often: JPEG XL, JPEG 2000, AIFF, BMP, ASF (WMA, WMV), MPEG-TS, PSD, mail."""
