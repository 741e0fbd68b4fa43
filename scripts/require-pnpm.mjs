// Root `preinstall` guard: `npm install` here would exit 0 and leave every workspace member without its dependencies.
const agent = process.env.npm_config_user_agent ?? '';
if (!agent.startsWith('pnpm')) {
  console.error(
    'toprung is a pnpm workspace. Use `npm run setup` (it brings its own pnpm), or `npm start` / `npm test`.',
  );
  process.exit(1);
}
