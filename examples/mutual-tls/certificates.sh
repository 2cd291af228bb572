#!/bin/sh
# Makes, in the folder certificates: an authority of its own, an issuer below
# it, trust.pem with both, and alice's certificate and key; and mallory's, whom
# nobody vouches for. Needs OpenSSL.
set -eu
mkdir -p certificates
cd certificates
umask 077

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

key authority
openssl req -new -x509 -key authority.key -days 3650 -subj "/O=Example Corp/CN=Authority" -out authority.pem

key issuer
openssl req -new -key issuer.key -subj "/O=Example Corp/CN=Issuer" -out issuer.csr
echo "basicConstraints=critical,CA:true,pathlen:0" > issuer.ext
openssl x509 -req -in issuer.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 1825 -extfile issuer.ext -out issuer.pem

cat issuer.pem authority.pem > trust.pem

key alice
openssl req -new -key alice.key -subj "/C=DE/O=Example Corp/OU=Orders/CN=alice" -out alice.csr
openssl x509 -req -in alice.csr -CA issuer.pem -CAkey issuer.key -CAcreateserial -days 30 -out alice.pem

key mallory
openssl req -new -x509 -key mallory.key -days 30 -subj "/CN=mallory" -out mallory.pem
