//! Prices to show: pinned mathematics, Avellaneda-Stoikov, GLFT, levels with inventory skew.
