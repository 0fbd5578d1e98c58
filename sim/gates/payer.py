"""The bytecode of an account that calls pools and pays in their callbacks: ours, written instruction by instruction.

catalogue: S10. Called with the word of a target and then calldata, it makes that call and answers with what came of it.
Called back with two amounts owed, it transfers those that are positive to whoever calls.
"""

from __future__ import annotations

from sim.gates import abi

_OPCODES = {
    "STOP": 0x00, "SUB": 0x03, "SLT": 0x12, "EQ": 0x14, "ISZERO": 0x15, "SHL": 0x1B, "SHR": 0x1C, "CALLER": 0x33,
    "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "RETURNDATASIZE": 0x3D, "RETURNDATACOPY": 0x3E,
    "POP": 0x50, "MSTORE": 0x52, "JUMPI": 0x57, "GAS": 0x5A, "PUSH0": 0x5F, "DUP1": 0x80, "DUP3": 0x82, "CALL": 0xF1,
    "RETURN": 0xF3, "REVERT": 0xFD,
}  # fmt: skip
_PUSH1, _JUMPDEST, _WORD_BITS, _SELECTOR_BITS = 0x60, 0x5B, 256, 32
_CALLBACKS = ("pancakeV3MintCallback(uint256,uint256,bytes)", "pancakeV3SwapCallback(int256,int256,bytes)")
_CALL_ON = """
    20 CALLDATASIZE SUB DUP1 20 PUSH0 CALLDATACOPY
    PUSH0 PUSH0 DUP3 PUSH0 PUSH0 PUSH0 CALLDATALOAD GAS CALL
    RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
    @good JUMPI RETURNDATASIZE PUSH0 REVERT
    :good RETURNDATASIZE PUSH0 RETURN
"""
_PAY = """
    {place:02x} CALLDATALOAD DUP1 PUSH0 SLT ISZERO @paid{place} JUMPI
    {transfer} e0 SHL PUSH0 MSTORE CALLER 04 MSTORE DUP1 24 MSTORE
    PUSH0 PUSH0 44 PUSH0 PUSH0 {token} GAS CALL POP
    :paid{place} POP
"""


def _assembled(text: str) -> bytes:
    """Words in order: an opcode, a number in hexadecimal that is pushed, `:name` a place, `@name` the place pushed."""
    code, places, wanted = bytearray(), {}, {}
    for one in text.split():
        if one in _OPCODES:
            code.append(_OPCODES[one])
        elif one.startswith(":"):
            places[one[1:]] = len(code)
            code.append(_JUMPDEST)
        elif one.startswith("@"):
            code += bytes((_PUSH1 + 1, 0, 0))
            wanted[len(code) - 2] = one[1:]
        else:
            number = bytes.fromhex(one)
            code += bytes((_PUSH1 + len(number) - 1, *number))
    for at, name in wanted.items():
        code[at : at + 2] = places[name].to_bytes(2, "big")
    return bytes(code)


def payer(token0: str, token1: str) -> bytes:
    """Its runtime code, for these tokens (`0x` texts)."""
    begins = f"PUSH0 CALLDATALOAD {_WORD_BITS - _SELECTOR_BITS:02x} SHR"
    for signature in _CALLBACKS:
        begins += f" DUP1 {abi.selector(signature).hex()} EQ @pay JUMPI"
    transfer = abi.selector("transfer(address,uint256)").hex()
    pays = [
        _PAY.format(place=4 + 32 * side, transfer=transfer, token=token.removeprefix("0x"))
        for side, token in enumerate((token0, token1))
    ]
    return _assembled(f"{begins} {_CALL_ON} :pay {' '.join(pays)} STOP")


def answering(*values: int | str) -> bytes:
    """The runtime code of an account that answers anything with these words."""
    words = [abi.words(value).hex() for value in values]
    stores = " ".join(f"{word} {32 * at:02x} MSTORE" for at, word in enumerate(words))
    return _assembled(f"{stores} {32 * len(words):02x} PUSH0 RETURN")
