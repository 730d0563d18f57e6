"""Sessions by the steps of docs/login-service.md. Needs boto3 1.28 and PyJWT 2, or newer."""

import time
import uuid
from typing import Any

import boto3
import jwt

db = boto3.resource("dynamodb").meta.client  # a client that takes and returns plain Python values


def log_in(table: str, secret: str, user: str, ttl: int = 3600, **claims: Any) -> str:
    """Begin a session: read the user's cutoff, put the row, and sign last."""
    cutoff_key = {"sub": user, "jti": "#cutoff"}
    cutoff = db.get_item(TableName=table, Key=cutoff_key, ConsistentRead=True).get("Item", {})
    now, jti = int(time.time() * 1000), str(uuid.uuid4())
    expires_at = now // 1000 + ttl
    row = {
        "sub": user, "jti": jti, "sid": jti,  # sid: the token family, its first jti
        "auth_time": max(now, int(cutoff.get("revoked_before", 0)) + 1),  # epoch milliseconds
        "expires_at": expires_at,  # epoch seconds, the TTL attribute
    }
    db.put_item(TableName=table, Item=row, ConditionExpression="attribute_not_exists(jti)")
    return jwt.encode({**claims, "sub": user, "jti": jti, "exp": expires_at}, secret, "HS256")


Row = dict[str, Any]
REUSE_INTERVAL = 10_000  # a second refresh of one token gets the same successor until then
MAX_AHEAD = 300_000  # how far auth_time may be ahead of the clock
NOT_BEFORE = 0  # the stack's SESSIONS_NOT_BEFORE
MAX_AGE = IDLE = float("inf")  # its SESSION_MAX_AGE and IDLE_TIMEOUT, in milliseconds
ALIVE = "attribute_exists(jti) AND attribute_not_exists(rotated_to)"


def log_in_limited(table: str, secret: str, user: str, max_sessions: int, ttl: int = 3600,
                   **claims: Any) -> str:
    """Begin a session as the newest of at most max_sessions. Racing log-ins leave as many."""
    for _ in range(3):
        now, jti = int(time.time() * 1000), str(uuid.uuid4())
        active, cutoff = _active(table, user, now)
        after = max(cutoff.get("revoked_before", 0), *(row["auth_time"] for row in active), 0)
        row = {"sub": user, "jti": jti, "sid": jti, "auth_time": max(now, int(after) + 1),
               "expires_at": now // 1000 + ttl}
        _write(db.put_item, table, "attribute_not_exists(jti)", Item=row)  # False: a lost answer
        active = _active(table, user, now)[0]
        active.sort(key=lambda row: (-row["auth_time"], row["sid"]))
        kept = list(dict.fromkeys(row["sid"] for row in active))[:max_sessions]
        for other in active:
            if other["sid"] not in kept:
                _end(table, {"sub": user, "jti": other["jti"]})
        if jti in kept:
            session = {"sub": user, "jti": jti, "exp": row["expires_at"]}
            return jwt.encode({**claims, **session}, secret, "HS256")
    raise RuntimeError("Racing log-ins have ended the session")


def refresh(table: str, secret: str, token: str, ttl: int = 3600, **claims: Any) -> str | None:
    """Continue a session under a new token; None where the user has to log in again."""
    key = _verify(secret, token)[1]
    if not key or key["sub"].startswith("#jti:"):
        return None  # a token without "sub" has no user to continue
    row, now = Row(), int(time.time() * 1000)
    old, cutoff = _read(table, key)
    if _is_active(old, cutoff, now):
        row = {**old, "jti": str(uuid.uuid4()), "expires_at": now // 1000 + ttl}
        _write(db.put_item, table, "attribute_not_exists(jti)", Item=row)  # False: a lost answer
        mark = "SET rotated_to = :jti, reusable_until = :until, expires_at = :end"
        values = {":jti": row["jti"], ":until": now + REUSE_INTERVAL,
                  ":end": max(old["expires_at"], row["expires_at"])}
        if not _write(db.update_item, table, f"{ALIVE} AND attribute_not_exists(ended_at)",
                      Key=key, UpdateExpression=mark, ExpressionAttributeValues=values):
            old = _read(table, key)[0]
            if old.get("rotated_to") != row["jti"]:  # else the answer to the own mark got lost
                db.delete_item(TableName=table, Key={**key, "jti": row["jti"]})
                row = Row()
    row = row or _successor(table, key, old, now)
    session = {**key, "jti": row.get("jti"), "exp": int(row.get("expires_at", 0))}
    return jwt.encode({**claims, **session}, secret, "HS256") if row else None


def check(table: str, secret: str, token: str) -> dict[str, Any] | None:
    """The claims of a token whose session is active, else None."""
    claims, key = _verify(secret, token, verify_exp=True)
    return claims if key and _is_active(*_read(table, key), int(time.time() * 1000)) else None


def log_out(table: str, secret: str, token: str) -> None:
    """End the session of a token, expired or not, and its successors, the last one first."""
    _end(table, _verify(secret, token)[1])


def _end(table: str, key: Row) -> None:
    marked = list[Row]()
    while key and not _write(db.delete_item, table, ALIVE, Key=key):
        if len(marked) > 100:
            raise RuntimeError("The session was refreshed too often to be ended")
        marked.append(key)
        successor = _read(table, key)[0].get("rotated_to")
        key = {**key, "jti": successor} if successor else {}  # {}: over already
    for key in reversed(marked):
        db.delete_item(TableName=table, Key=key)


def end_all(table: str, user: str) -> None:
    """End all sessions of a user. Each write of a cutoff grows it: an equal one is unchanged."""
    for _ in range(4):
        rows = _query(table, user)
        previous = next((row["revoked_before"] for row in rows if row["jti"] == "#cutoff"), 0)
        newest = max((row.get("auth_time", 0) for row in rows), default=0)
        values = {":new": max(int(time.time() * 1000), newest, previous + 1)}
        values |= {":old": previous} if previous else {}
        unchanged = "revoked_before = :old" if previous else "attribute_not_exists(jti)"
        if _write(db.update_item, table, unchanged, Key={"sub": user, "jti": "#cutoff"},
                  UpdateExpression="SET revoked_before = :new REMOVE except_sid",
                  ExpressionAttributeValues=values):
            return
    raise RuntimeError("The cutoff was still being rewritten after 4 attempts")


def _verify(secret: str, token: str, verify_exp: bool = False) -> tuple[dict[str, Any], Row]:
    """The claims and the row's key; {} twice for a token that cannot be believed."""
    options = {"require": ["exp", "jti"], "verify_exp": verify_exp, "verify_iat": False}
    try:
        claims = jwt.decode(token, secret, ["HS256"], options, leeway=5)
    except jwt.InvalidTokenError:
        return {}, {}
    key = {"sub": claims.get("sub", f"#jti:{claims['jti']}"), "jti": claims["jti"]}
    valid = all(isinstance(value, str) and value for value in key.values())
    if not valid or key["jti"].startswith("#") or str(claims.get("sub")).startswith("#jti:"):
        return {}, {}
    return claims, key


def _query(table: str, user: str) -> list[Row]:
    pages = db.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="#sub = :sub", ConsistentRead=True,
        ExpressionAttributeNames={"#sub": "sub"}, ExpressionAttributeValues={":sub": user},
    )
    return [row for page in pages for row in page["Items"]]


def _active(table: str, user: str, now: int) -> tuple[list[Row], Row]:
    """The user's active sessions and cutoff."""
    rows = {row["jti"]: row for row in _query(table, user)}
    cutoff = rows.pop("#cutoff", {})
    return [row for row in rows.values() if _is_active(row, cutoff, now)], cutoff


def _read(table: str, key: Row) -> tuple[Row, Row]:
    """The session's row and the user's cutoff, {} where missing, by one consistent read."""
    keys, rows = [key, {**key, "jti": "#cutoff"}], dict[str, Row]()
    for attempt in range(6):
        answer = db.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        rows |= {row["jti"]: row for row in answer["Responses"].get(table, [])}
        keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys")
        if not keys:
            return rows.get(key["jti"], {}), rows.get("#cutoff", {})
        time.sleep(0.05 * 2**attempt)
    raise TimeoutError("DynamoDB did not read all rows in time")


def _is_active(row: Row, cutoff: Row, now: int) -> bool:
    if not row or "rotated_to" in row or "ended_at" in row:
        return False
    auth_time, revoked_before = row["auth_time"], cutoff.get("revoked_before", 0)
    if not 10**12 <= auth_time <= max(now, revoked_before + 1) + MAX_AHEAD:
        raise ValueError("auth_time must be epoch milliseconds, at most 5 minutes ahead")
    covered = auth_time <= revoked_before and row["sid"] != cutoff.get("except_sid")
    aged = now - auth_time >= MAX_AGE or now - row.get("last_seen", now) > IDLE
    begun = auth_time >= NOT_BEFORE and not covered and not aged
    return begun and row["expires_at"] * 1000 > now


def _successor(table: str, key: Row, marked: Row, now: int) -> Row:
    """The row that an earlier refresh put; {} out of the reuse interval or where it is over."""
    reusable = now < marked.get("reusable_until", 0)
    row, cutoff = _read(table, {**key, "jti": marked["rotated_to"]}) if reusable else ({}, {})
    return row if _is_active(row, cutoff, now) else {}


def _write(write: Any, table: str, condition: str, **request: Any) -> bool:
    """Whether the condition held. Where an answer was lost, the retry meets its own effect."""
    try:
        return bool(write(TableName=table, ConditionExpression=condition, **request))
    except db.exceptions.ConditionalCheckFailedException:
        return False
