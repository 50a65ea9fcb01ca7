"""Colours that colour-blind readers can tell apart (Okabe and Ito, 2008), and darker ones for thin lines on white."""

BLUE, ORANGE, GREEN, GREY, BLACK = "#0072B2", "#E69F00", "#009E73", "#BBBBBB", "#000000"
DARK_ORANGE, DARK_GREEN, DARK_PURPLE, DARK_GREY = "#B36B00", "#007A58", "#A0527F", "#555555"
LIGHT, RULE = "#EEEEEE", "#999999"  # what is padded, frozen or left out, and its edge
