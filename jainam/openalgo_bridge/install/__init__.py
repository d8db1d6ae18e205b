"""Puts brokers of this library into an OpenAlgo checkout, and takes them out again without a trace (X15).

`plan` works out what has to change and touches nothing; `applying` performs a plan one file at a time, such that a kill
at any moment leaves a tree that the next run finishes or restores; `ledger` remembers what the files held before. What
is done to each file is a function from text to text: `login`, `pages`, `bundle`, `lists`, `dotenv`. Before a plan is
performed, `checks` asks whether the tree may be touched at all. `doctor` says why something does not work, and what
helps.
"""
