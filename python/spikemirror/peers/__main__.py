"""Serves a peer over the protocol, where it is installed: `python -m spikemirror.peers NAME [IN_FD OUT_FD]`."""

from __future__ import annotations

import importlib.metadata
import sys

from spikemirror.mirrors.peers import DISTRIBUTIONS
from spikemirror.mirrors.serve import main
from spikemirror.peers import open_peer

main(sys.argv[1:], open_peer, lambda name: {d: importlib.metadata.version(d) for d in DISTRIBUTIONS[name]})
