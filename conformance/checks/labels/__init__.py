"""What generated and handed-out content says about itself: labels, watermarks, disclosure."""
