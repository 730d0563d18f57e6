import { isGuest } from '../../lib/sessions/key.ts';
