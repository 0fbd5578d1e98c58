//! The simulated exchange: matching, queue models, realistic flow.
