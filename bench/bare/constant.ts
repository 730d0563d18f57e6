/** The floor of a cold start: a handler that imports nothing and answers what logout answers. */
export const handler = async () => ({
  statusCode: 200,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: '{"message":"Successfully logged out"}',
});
