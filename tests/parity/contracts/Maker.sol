// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;

/// Makes a pool as a factory's deployer does, for pools whose deployer's code is not in their npm package: the pool's
/// constructor asks its maker for its parameters, and later asks its factory for the owner. Both are this contract.
contract Maker {
    address public owner;
    address private token0;
    address private token1;
    uint24 private fee;
    int24 private spacing;

    constructor(address owner_) {
        owner = owner_;
    }

    function make(bytes calldata code, address token0_, address token1_, uint24 fee_, int24 spacing_) external returns (address pool) {
        (token0, token1, fee, spacing) = (token0_, token1_, fee_, spacing_);
        bytes memory creation = code;
        assembly {
            pool := create(0, add(creation, 32), mload(creation))
        }
        require(pool != address(0), "MAKE");
    }

    function parameters() external view returns (address, address, address, uint24, int24) {
        return (address(this), token0, token1, fee, spacing);
    }
}
