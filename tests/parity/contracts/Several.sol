// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;

interface IUnlocks {
    function unlock(bytes calldata data) external returns (bytes memory);
}

/// Makes several calls in one transaction, with v4's manager unlocked or as it is. An entry is the target (20 bytes), a
/// length (4 bytes) and the calldata; the first call that fails fails them all.
contract Several {
    IUnlocks private immutable manager;

    constructor(address manager_) {
        manager = IUnlocks(manager_);
    }

    function unlocked(bytes calldata entries) external {
        manager.unlock(entries);
    }

    function plain(bytes calldata entries) external {
        forward(entries);
    }

    function unlockCallback(bytes calldata entries) external returns (bytes memory) {
        forward(entries);
        return "";
    }

    function forward(bytes calldata entries) private {
        assembly {
            let place := entries.offset
            let end := add(place, entries.length)
            let out := mload(0x40)
            for {} lt(place, end) {} {
                let head := calldataload(place)
                let size := and(shr(64, head), 0xffffffff)
                place := add(place, 24)
                calldatacopy(out, place, size)
                place := add(place, size)
                if iszero(call(gas(), shr(96, head), 0, out, size, 0, 0)) {
                    returndatacopy(out, 0, returndatasize())
                    revert(out, returndatasize())
                }
            }
        }
    }
}
