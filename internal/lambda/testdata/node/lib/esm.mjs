import { basename } from 'node:path';

export const handler = async (event) => ({ file: basename(import.meta.url), event });
