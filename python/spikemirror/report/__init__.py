"""How records look to a person or to another program."""
