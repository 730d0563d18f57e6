import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { requireSession } from 'true-logout/middy';

/** GET /notes: only requests of an active session get here, with the user in the context. */
export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(requireSession())
  .handler(async (_event, { caller }) => {
    const { sub } = caller.session;
    return {
      statusCode: 200,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: JSON.stringify({ sub, notes: [`A note of ${sub}`] }),
    };
  });
