"""What an upgrade says about a place in the program."""


class Change:
    """Something that is written in another way now, or that has to be rewritten by hand.

    Args:
        line: number of the line, from 1.
        old, new: the spelling met, and today's.
        done: whether the new source has it; what depends on values is left to the reader.
    """

    def __init__(self, line, old, new, done=True):
        self.line, self.old, self.new, self.done = line, old, new, done

    def __str__(self):
        return f"{self.line}: `{self.old}` {'is now' if self.done else 'wants a hand:'} `{self.new}`"
