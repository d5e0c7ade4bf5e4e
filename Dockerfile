# The image holds what the published package holds: dist/, bin/, keyrings/ and production dependencies.
# Any --user will do, and the root may be read-only: only /data is written.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY bin bin
COPY scripts/build.ts scripts/build.ts
COPY src src
RUN npm run build
# the image's own Node is new enough: the one of the lockfile is left out
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund && npm cache clean --force

FROM node:24-slim
WORKDIR /opt/pkgmirror
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE README.md ./
COPY bin bin
COPY keyrings keyrings
COPY manifests manifests
# every user may write to a volume that starts from here
RUN ln -s /opt/pkgmirror/bin/pkgmirror.js /usr/local/bin/pkgmirror && mkdir /data && chmod 1777 /data
ENV NODE_ENV=production \
    HOME=/tmp \
    PKGMIRROR_DATA=/data \
    PKGMIRROR_LISTEN=0.0.0.0:8080
VOLUME /data
WORKDIR /data
EXPOSE 8080
USER node
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PKGMIRROR_LISTEN.split(/[:,]/).at(1) + '/livez').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/pkgmirror/bin/pkgmirror.js"]
CMD ["serve"]
