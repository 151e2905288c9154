"""Figures: functions from the data frames of a run to Plotly figures with their captions."""
