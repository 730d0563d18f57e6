"""The same two endpoints as ours, on the same rows and tokens, the way a FastAPI service has them:
HTTPBearer, python-jose, and boto3 in plain functions, which FastAPI runs in its thread pool."""

import json
import os
import socket
import threading
from datetime import datetime, timezone

import boto3
import botocore.config
import fastapi
import uvicorn
from botocore.exceptions import ClientError
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jose import JWTError, jwt

TABLE = os.environ["SESSIONS_TABLE"]
SECRET = os.environ["JWT_SECRET"]

dynamodb = boto3.client(
    "dynamodb",
    # Debian's boto3 is older than these variables.
    endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
    region_name=os.environ["AWS_REGION"],
    # One connection for each thread of the pool, kept open.
    config=botocore.config.Config(max_pool_connections=40, tcp_keepalive=True),
)
app = FastAPI(openapi_url=None)
bearer = HTTPBearer(auto_error=True)


def verified_claims(token, **options):
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
    except JWTError:
        return None


def key_of(claims):
    return {"sub": {"S": claims["sub"]}, "jti": {"S": claims["jti"]}}


@app.post("/api/v1/auth/logout")
def logout(credentials: HTTPAuthorizationCredentials = Depends(bearer)):
    claims = verified_claims(credentials.credentials, verify_exp=False)
    if claims is not None:
        try:
            dynamodb.delete_item(
                TableName=TABLE,
                Key=key_of(claims),
                ConditionExpression="attribute_exists(jti)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
    return {"message": "Successfully logged out"}


@app.get("/api/v1/auth/me")
def me(credentials: HTTPAuthorizationCredentials = Depends(bearer)):
    claims = verified_claims(credentials.credentials)
    row = claims and dynamodb.get_item(
        TableName=TABLE, Key=key_of(claims), ConsistentRead=True
    ).get("Item")
    now = datetime.now(timezone.utc).timestamp()
    if not row or int(row["expires_at"]["N"]) <= now:
        raise HTTPException(401, "Could not validate credentials")
    return {"sub": claims["sub"]}


def end_with_the_bench(channel):
    channel.recv(1)
    os._exit(0)


listener = socket.create_server(("127.0.0.1", 0))
# The channel of node:child_process: a JSON document a line, and the end of file with the bench.
channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
threading.Thread(target=end_with_the_bench, args=[channel], daemon=True).start()
ready = {"port": listener.getsockname()[1], "name": f"FastAPI {fastapi.__version__}"}
channel.sendall(json.dumps(ready).encode() + b"\n")
uvicorn.run(app, fd=listener.fileno(), log_level="warning", access_log=False)
