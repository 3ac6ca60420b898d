"""Tests of the SAML library."""
