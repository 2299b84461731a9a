"""The program behind `lamina demo`: one network trained on digits, and a report of what came of it."""
