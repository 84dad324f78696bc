"""Learning rules and codecs of spiking neural networks: one algebra in Python, Rust, Julia and Mojo, proved to agree.

import spikemirror
spikemirror.call("csdp_step", backend="rust", weights=w, pos_pre=..., pos_post=..., neg_pre=..., neg_post=...)
"""

from __future__ import annotations

from spikemirror.backend import call, get_backend, set_backend, use_backend
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.codec import RateEncoder, SpikeBatch
from spikemirror.contrastive import CSDPRule, SpikeContrastiveLoss
from spikemirror.mirrors import MirrorAbsent, MirrorFault
from spikemirror.plasticity import STDPParameters, STDPState, stdp_step_linear
from spikemirror.version import __version__

__all__ = [
    "CSDPRule",
    "Code",
    "MirrorAbsent",
    "MirrorFault",
    "RateEncoder",
    "Rejection",
    "STDPParameters",
    "STDPState",
    "SpikeBatch",
    "SpikeContrastiveLoss",
    "__version__",
    "call",
    "get_backend",
    "set_backend",
    "stdp_step_linear",
    "use_backend",
]
