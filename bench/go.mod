module github.com/gatehouse/gatehouse/bench

go 1.26

require github.com/valyala/fasthttp v1.74.0

require (
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/klauspost/compress v1.20.0 // indirect
	github.com/lxzan/gws v1.8.9 // indirect
	github.com/molecule-man/go-brrr v1.0.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
)
