# One static binary; nothing is generated inside the image.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/squirrel . && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /out/squirrel /squirrel
COPY --from=build --chown=65532:65532 /out/data /data
ENV DATA_DIR=/data DATABASE_URL=sqlite:////data/llm_gateway.db
VOLUME /data
EXPOSE 8000
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/squirrel", "healthcheck"]
ENTRYPOINT ["/squirrel"]
CMD ["serve"]
