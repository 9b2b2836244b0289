"""Pictures that tests draw themselves: digits, letters, scribbles as lines, and the paper they stand on."""
