import '@neural-ode/core/register';
import '@neural-ode/gradient-aca/register';
import '@neural-ode/gradient-adjoint/register';
import '@neural-ode/gradient-naive/register';
import '@neural-ode/solvers/register';
