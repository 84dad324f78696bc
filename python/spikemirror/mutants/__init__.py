"""The proof that the suite catches bugs: every fault of `catalogue/faults` seeded, built, run, and noticed or not."""
