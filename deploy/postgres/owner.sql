-- On a new server: the owner of the database, who is no administrator of PostgreSQL. `dialwatt
-- migrate` then makes the roles of the web process and the workers.
\set password `cat /run/secrets/database_owner_password`
CREATE ROLE dialwatt LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE dialwatt OWNER dialwatt;
