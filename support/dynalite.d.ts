declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** DynamoDB as an HTTP server; times are milliseconds that table operations take. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
  }): Server;
}
