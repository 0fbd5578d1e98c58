//! Positions and profit: average cost, realised, unrealised, fees, funding.
