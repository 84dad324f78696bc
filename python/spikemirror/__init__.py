"""Learning rules and codecs of spiking neural networks: one algebra in Python, Rust, Julia and Mojo, proved to agree.

import spikemirror
spikemirror.call("csdp_step", backend="rust", weights=w, pos_pre=..., pos_post=..., neg_pre=..., neg_post=...)

Objects over the kernels are in contrastive, plasticity, codec, losses and config; this is where they all meet.
"""

from __future__ import annotations

from spikemirror.backend import call, get_backend, set_backend, use_backend
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.codec import (
    DecoderOutput,
    DeltaEncoder,
    EnsembleDecoder,
    FirstSpikeDecoder,
    LatencyEncoder,
    MembraneDecoder,
    PopulationDecoder,
    PopulationEncoder,
    RateDecoder,
    RateEncoder,
    SpikeBatch,
    TTFSEncoder,
    batch_to_time_first,
    time_to_batch_first,
)
from spikemirror.config import (
    Config,
    ConfigError,
    DecodingConfig,
    EncodingConfig,
    LossConfig,
    build_composer,
    build_decoder,
    build_encoder,
)
from spikemirror.contrastive import CSDPRule, SpikeContrastiveLoss
from spikemirror.losses import (
    ISILoss,
    LossTerm,
    MembraneLoss,
    ProbSpikesLoss,
    RateLoss,
    SNNLossComposer,
    TemporalLoss,
)
from spikemirror.mirrors import MirrorAbsent, MirrorFault
from spikemirror.plasticity import (
    LPL,
    GerstnerHebbianSynapse,
    HebbianCoefficients,
    SpikingLPLParameters,
    SpikingLPLState,
    SpikingLPLSynapse,
    STDPParameters,
    STDPState,
    stdp_run_linear,
    stdp_step_conv2d,
    stdp_step_linear,
)
from spikemirror.version import __version__

__all__ = [
    "LPL",
    "CSDPRule",
    "Code",
    "Config",
    "ConfigError",
    "DecoderOutput",
    "DecodingConfig",
    "DeltaEncoder",
    "EncodingConfig",
    "EnsembleDecoder",
    "FirstSpikeDecoder",
    "GerstnerHebbianSynapse",
    "HebbianCoefficients",
    "ISILoss",
    "LatencyEncoder",
    "LossConfig",
    "LossTerm",
    "MembraneDecoder",
    "MembraneLoss",
    "MirrorAbsent",
    "MirrorFault",
    "PopulationDecoder",
    "PopulationEncoder",
    "ProbSpikesLoss",
    "RateDecoder",
    "RateEncoder",
    "RateLoss",
    "Rejection",
    "SNNLossComposer",
    "STDPParameters",
    "STDPState",
    "SpikeBatch",
    "SpikeContrastiveLoss",
    "SpikingLPLParameters",
    "SpikingLPLState",
    "SpikingLPLSynapse",
    "TTFSEncoder",
    "TemporalLoss",
    "__version__",
    "batch_to_time_first",
    "build_composer",
    "build_decoder",
    "build_encoder",
    "call",
    "get_backend",
    "set_backend",
    "stdp_run_linear",
    "stdp_step_conv2d",
    "stdp_step_linear",
    "time_to_batch_first",
    "use_backend",
]
