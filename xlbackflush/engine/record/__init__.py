"""What is on the books, and what is added."""
