import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda';

/** What the authorizer says of the caller. */
interface Caller {
  readonly sub: string;
  readonly jti: string;
}

/** GET /notes: only a live session gets here, so the subject can be believed. */
export async function handler(event: APIGatewayProxyEventV2WithLambdaAuthorizer<Caller>) {
  const { sub } = event.requestContext.authorizer.lambda;
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: JSON.stringify({ sub, notes: [`A note of ${sub}`] }),
  };
}
