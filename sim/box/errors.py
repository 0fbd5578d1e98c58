"""Every refusal of the venue in one table: code, exact text, HTTP status (catalogue: S1).

Source: ../shared/spec/binance.md §4 and the venue's public error-code pages. Some clients map the text and not the
code (ccxt's -2010), so the texts are part of the protocol.
"""

from collections.abc import Mapping


class ApiError(Exception):
    """One refusal as it goes on the wire: `{"code": code, "msg": msg}` with the HTTP status `status`."""

    def __init__(self, code: int, msg: str, status: int = 400, retry_after_s: int | None = None) -> None:
        """Names the refusal; `retry_after_s` becomes the `Retry-After` header of 429 and 418."""
        super().__init__(code, msg)
        self.code = code
        self.msg = msg
        self.status = status
        self.retry_after_s = retry_after_s
        self.data: dict[str, object] | None = None

    def body(self) -> dict[str, object]:
        """The JSON body; `data` tells how the halves of a cancel-replace went."""
        body: dict[str, object] = {"code": self.code, "msg": self.msg}
        if self.data is not None:
            body["data"] = self.data
        return body


NUMBER_RANGE = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"

# name: (code, text with {} for its values, HTTP status)
TABLE: Mapping[str, tuple[int, str, int]] = {
    "UNKNOWN": (-1000, "An unknown error occurred while processing the request.", 500),
    "DISCONNECTED": (-1001, "Internal error; unable to process your request. Please try again.", 503),
    "UNEXPECTED": (-1006, "An unexpected response was received from the message bus. Execution status unknown.", 503),
    "TIMEOUT": (
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        408,
    ),
    "OVERLOADED": (
        -1008,
        "Server is currently overloaded with other requests. Please try again in a few minutes.",
        503,
    ),
    "TOO_MANY_WEIGHT": (
        -1003,
        "Too much request weight used; current limit is {} request weight per {} {}. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
    ),
    "BANNED": (
        -1003,
        "Way too much request weight used; IP banned until {}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        418,
    ),
    "TOO_MANY_ORDERS": (-1015, "Too many new orders; current limit is {} orders per {} {}.", 429),
    "FILTER": (-1013, "Filter failure: {}", 400),
    "ICEBERG": (-1013, "Iceberg orders are not supported for this symbol.", 400),
    "TRAILING": (-1013, "Trailing stop orders are not supported for this symbol.", 400),
    "NOT_SUPPORTED": (-1020, "This operation is not supported.", 400),
    "TIMESTAMP_OLD": (-1021, "Timestamp for this request is outside of the recvWindow.", 400),
    "TIMESTAMP_AHEAD": (-1021, "Timestamp for this request was 1000ms ahead of the server's time.", 400),
    "SIGNATURE": (-1022, "Signature for this request is not valid.", 400),
    "ILLEGAL_CHARS": (-1100, "Illegal characters found in parameter '{}'; legal range is '{}'.", 400),
    "TOO_MANY_PARAMETERS": (-1101, "Too many parameters sent for this endpoint.", 400),
    "DUPLICATED_PARAMETER": (-1101, "Duplicate values for a parameter detected.", 400),
    "MANDATORY": (-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.", 400),
    "EMPTY": (-1105, "Parameter '{}' was empty.", 400),
    "NOT_REQUIRED": (-1106, "Parameter '{}' sent when not required.", 400),
    "PRECISION": (-1111, "Precision is over the maximum defined for this asset.", 400),
    "PRECISION_OF": (-1111, "Parameter '{}' has too much precision.", 400),
    "NO_DEPTH": (-1112, "No orders on book for symbol.", 400),
    "TIF": (-1115, "Invalid timeInForce.", 400),
    "ORDER_TYPE": (-1116, "Invalid orderType.", 400),
    "SIDE": (-1117, "Invalid side.", 400),
    "INTERVAL": (-1120, "Invalid interval.", 400),
    "SYMBOL": (-1121, "Invalid symbol.", 400),
    "LISTEN_KEY": (-1125, "This listenKey does not exist.", 400),
    "COMBINATION": (-1128, "Combination of optional parameters invalid.", 400),
    "BAD_VALUE": (-1130, "Data sent for parameter '{}' is not valid.", 400),
    "RECV_WINDOW": (-1131, "recvWindow must be less than 60000.", 400),
    "NOT_FOUND": (-1000, "Path {} {} is not part of this venue.", 404),
    "RETIRED": (-1000, "{} {} was retired; subscribe through the WebSocket API instead.", 410),
    "BALANCE": (-2010, "Account has insufficient balance for requested action.", 400),
    "WOULD_TAKE": (-2010, "Order would immediately match and take.", 400),
    "STOP_NOW": (-2010, "Stop price would trigger immediately.", 400),
    "DUPLICATE_ORDER": (-2010, "Duplicate order sent.", 400),
    "AMEND_UNCHANGED": (-2038, "Order amend (quantity decrease) is not valid for this order.", 400),
    "CANCEL_UNKNOWN": (-2011, "Unknown order sent.", 400),
    "CANCEL_STATUS": (-2011, "Order was not canceled due to cancel restrictions.", 400),
    "ORDER_NOT_FOUND": (-2013, "Order does not exist.", 400),
    "KEY_FORMAT": (-2014, "API-key format invalid.", 401),
    "KEY": (-2015, "Invalid API-key, IP, or permissions for action.", 401),
    "MARGIN": (-2019, "Margin is insufficient.", 400),
    "UNABLE_TO_FILL": (-2020, "Unable to fill.", 400),
    "CANCEL_REPLACE_FAILED": (-2022, "Order cancel-replace failed.", 400),
    "WOULD_TRIGGER": (-2021, "Order would immediately trigger.", 400),
    "CANCEL_REPLACE_PARTIAL": (-2021, "Order cancel-replace partially failed.", 409),
    "REDUCE_ONLY": (-2022, "ReduceOnly Order is rejected.", 400),
    "MAX_OPEN": (-2025, "Reach max open order limit.", 400),
    "LEVERAGE_MARGIN": (-2028, "Leverage is smaller than permitted: insufficient margin balance.", 400),
    "PRICE_ZERO": (-4001, "Price less than 0.", 400),
    "PRICE_MAX": (-4002, "Price greater than max price.", 400),
    "QTY_ZERO": (-4003, "Quantity less than or equal to zero.", 400),
    "QTY_MIN": (-4004, "Quantity less than min quantity.", 400),
    "QTY_MAX": (-4005, "Quantity greater than max quantity.", 400),
    "TICK": (-4014, "Price not increased by tick size.", 400),
    "STOP_PRICE_ZERO": (-4006, "Stop price less than zero.", 400),
    "STOP_PRICE_MAX": (-4007, "Stop price greater than max price.", 400),
    "PRICE_ABOVE": (-4016, "Limit price can't be higher than {}.", 400),
    "STEP": (-4023, "Quantity not increased by step size.", 400),
    "PRICE_BELOW": (-4024, "Limit price can't be lower than {}.", 400),
    "LEVERAGE": (-4028, "Leverage {} is not valid", 400),
    "MAX_STOPS": (-4045, "Reach max stop order limit.", 400),
    "MARGIN_TYPE_SAME": (-4046, "No need to change margin type.", 400),
    "MARGIN_TYPE_ORDERS": (-4047, "Margin type cannot be changed if there exists open orders.", 400),
    "MARGIN_TYPE_POSITION": (-4048, "Margin type cannot be changed if there exists position.", 400),
    "CROSS_SHORT": (-4050, "Cross balance insufficient.", 400),
    "ISOLATED_SHORT": (-4051, "Isolated balance insufficient.", 400),
    "NO_ISOLATED": (-4054, "Cannot add position margin: position is 0.", 400),
    "AMOUNT": (-4055, "Amount must be positive.", 400),
    "DUAL_SAME": (-4059, "No need to change position side.", 400),
    "POSITION_SIDE": (-4061, "Order's position side does not match user's setting.", 400),
    "DUAL_ORDERS": (-4067, "Position side cannot be changed if there exists open orders.", 400),
    "DUAL_POSITION": (-4068, "Position side cannot be changed if there exists position.", 400),
    "DUPLICATE_CLIENT_ID": (-4116, "ClientOrderId is duplicated.", 400),
    "ALGO_ONLY": (
        -4120,
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
        400,
    ),
    "CLOSE_TYPE": (-4136, "Target strategy invalid for orderType {},closePosition true", 400),
    "CLOSE_QTY": (-4137, "Quantity must be zero with closePosition equals true", 400),
    "LEVERAGE_ISOLATED": (
        -4161,
        "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
        400,
    ),
    "NOTIONAL": (-4164, "Order's notional must be no smaller than {} (unless you choose reduce only).", 400),
    "MULTI_ASSETS_SAME": (-4171, "No need to change multi-assets mode.", 400),
    "NO_POSITION": (
        -4509,
        "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available.",
        400,
    ),
    "FOK": (
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. "
        "The order will not be recorded in the order history",
        400,
    ),
    "POST_ONLY": (
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. "
        "The order will not be recorded in the order history",
        400,
    ),
    "MODIFY_SAME": (-5027, "No need to modify the order.", 400),
}


def refuse(name: str, *values: object) -> ApiError:
    """The refusal `name` of the table with its values filled in; raise what it returns."""
    code, text, status = TABLE[name]
    return ApiError(code, text.format(*values) if values else text, status)
