/** GET /health: for everybody, as its route names no authorizer. */
export async function handler() {
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: JSON.stringify({ status: 'ok' }),
  };
}
